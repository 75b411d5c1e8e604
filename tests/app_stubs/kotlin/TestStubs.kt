// Stubs, not the real thing: what golden tests use of JUnit and AndroidX.
package androidx.test.platform.app

import android.content.res.AssetManager

class Context(val assets: AssetManager)

class Instrumentation(val context: Context, val targetContext: Context)

object InstrumentationRegistry {
    @JvmStatic
    fun getInstrumentation(): Instrumentation = Instrumentation(Context(AssetManager()), Context(AssetManager()))
}
