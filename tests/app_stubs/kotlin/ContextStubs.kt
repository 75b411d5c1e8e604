// Stubs, not the real thing: what kits use of Android's Context.
package android.content

open class Context
