// Stubs, not the real thing: what golden tests use of JUnit 4.
package org.junit

annotation class Test

object Assert {
    @JvmStatic fun assertEquals(expected: Any?, actual: Any?) {}

    @JvmStatic fun assertEquals(message: String, expected: Any?, actual: Any?) {}

    @JvmStatic fun assertEquals(message: String, expected: Float, actual: Float, delta: Float) {}
}
