// Stubs, not the real thing: what kits use of Android's log.
package android.util

object Log {
    @JvmStatic fun i(tag: String, message: String): Int = 0
}
