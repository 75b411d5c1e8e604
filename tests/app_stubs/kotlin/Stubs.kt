// Stubs, not the real thing: what kits use of LiteRT 2.x, declared as its Kotlin sources have it.
// Inputs are kept as they were written, and outputs read as zeros.
package com.google.ai.edge.litert

import android.content.res.AssetManager

enum class Accelerator { NONE, CPU, GPU, NPU }

open class Environment : AutoCloseable {
    override fun close() {}
}

class TensorBuffer internal constructor(private val name: String) : AutoCloseable {
    private fun keep(kind: String, text: String) = println("$name $kind $text")

    fun writeInt(data: IntArray) = keep("int32", data.joinToString(" "))

    fun writeFloat(data: FloatArray) = keep("float32", data.joinToString(" "))

    fun writeInt8(data: ByteArray) = keep("int8", data.joinToString(" "))

    fun readInt(): IntArray = IntArray(0)

    fun readFloat(): FloatArray = FloatArray(0)

    fun readInt8(): ByteArray = ByteArray(0)

    override fun close() {}
}

class CompiledModel private constructor() : AutoCloseable {
    class Options constructor(internal vararg val accelerators: Accelerator)

    fun createInputBuffer(inputName: String, signature: String? = null) = TensorBuffer(inputName)

    fun createOutputBuffer(outputName: String, signature: String? = null) = TensorBuffer(outputName)

    fun run(
        inputs: Map<String, TensorBuffer>,
        outputs: Map<String, TensorBuffer>,
        signature: String? = null,
    ) {}

    override fun close() {}

    companion object {
        @JvmStatic
        @JvmOverloads
        fun create(
            filePath: String,
            options: Options = Options(Accelerator.CPU),
            optionalEnv: Environment? = null,
        ): CompiledModel = CompiledModel()

        @JvmStatic
        @JvmOverloads
        fun create(
            assetManager: AssetManager,
            assetName: String,
            options: Options = Options(Accelerator.CPU),
            optionalEnv: Environment? = null,
        ): CompiledModel = CompiledModel()
    }
}
