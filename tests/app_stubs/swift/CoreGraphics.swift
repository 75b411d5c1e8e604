// A stand-in for Apple's Core Graphics, which exists on Apple's systems alone: what kits call of it.
import Foundation

public final class CGImage {}

public final class CGColorSpace {}

public func CGColorSpaceCreateDeviceRGB() -> CGColorSpace { CGColorSpace() }

public enum CGImageAlphaInfo: UInt32 {
    case none, premultipliedLast
}

public enum CGInterpolationQuality: Int32 {
    case none, low, medium, high
}

public final class CGContext {
    public init?(
        data: UnsafeMutableRawPointer?, width: Int, height: Int, bitsPerComponent: Int,
        bytesPerRow: Int, space: CGColorSpace, bitmapInfo: UInt32
    ) { return nil }
    public var interpolationQuality: CGInterpolationQuality = .none
    public func draw(_ image: CGImage, in place: CGRect) {}
}
