// Stubs, not the real thing: what kits use of the Play AI Delivery Library.
package com.google.android.play.core.aipacks

import android.content.Context

abstract class AiPackLocation {
    abstract fun assetsPath(): String?
}

interface AiPackManager {
    fun getPackLocation(packName: String): AiPackLocation?
}

/** Packs lie where the system property edgehone.packs says. */
object AiPackManagerFactory {
    @JvmStatic
    fun getInstance(context: Context): AiPackManager = Manager
}

private object Manager : AiPackManager {
    override fun getPackLocation(packName: String): AiPackLocation? =
        System.getProperty("edgehone.packs")?.let { place ->
            object : AiPackLocation() {
                override fun assetsPath(): String? = place
            }
        }
}
