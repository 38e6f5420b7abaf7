/// The version of belay.
package enum Version {
    package static let current = "0.1.0"
    /// What stands in snapshots as the program that made them.
    package static let program = "belay \(current)"
}
