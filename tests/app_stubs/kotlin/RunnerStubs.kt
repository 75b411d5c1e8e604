// Stubs, not the real thing: AndroidX's runner of tests.
package androidx.test.ext.junit.runners

class AndroidJUnit4
