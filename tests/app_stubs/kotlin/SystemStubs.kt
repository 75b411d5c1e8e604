// Stubs, not the real thing: what kits use of Android's facts and log.
package android.os

object Build {
    @JvmField val MANUFACTURER: String = "none"

    @JvmField val MODEL: String = "none"
}
