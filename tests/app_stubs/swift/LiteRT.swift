// A stand-in for LiteRT's Swift package, for type checks: what kits call of it, without its library.
import Foundation

public enum HardwareAccelerator {
    case cpu, gpu, npu
}

public final class Environment {
    public init() throws {}
}

public final class Options {
    public init() throws {}
    public func setHardwareAccelerators(_ accelerators: [HardwareAccelerator]) throws {}
}

public final class TensorBuffer {
    public func write<Element>(_ values: [Element]) throws {}
    public func read<Element>() throws -> [Element] { [] }
}

public final class CompiledModel {
    public init(filePath: String, environment: Environment, options: Options) throws {}
    public func inputCount() throws -> Int { 0 }
    public func outputCount() throws -> Int { 0 }
    public func inputName(inputIndex: Int) throws -> String { "" }
    public func outputName(outputIndex: Int) throws -> String { "" }
    public func createInputBuffers() throws -> [TensorBuffer] { [] }
    public func createOutputBuffers() throws -> [TensorBuffer] { [] }
    public func run(inputs: [TensorBuffer], outputs: [TensorBuffer]) throws {}
}
