// Stubs, not the real thing: how JUnit 4 names a runner.
package org.junit.runner

import kotlin.reflect.KClass

annotation class RunWith(val value: KClass<*>)
