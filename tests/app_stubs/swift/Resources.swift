// What SwiftPM adds to a target that has resources.
import Foundation

extension Foundation.Bundle {
    static var module: Bundle { .main }
}
