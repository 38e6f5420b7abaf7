/// How hard to compress.
package enum CompressionLevel: String, Hashable, Sendable, CaseIterable {
    /// The fastest that still pays.
    case fastest
    /// What suits most data.
    case auto
    /// Smaller, at about a third of the speed.
    case better
    /// As small as is reasonable, however long it takes.
    case max
    /// Blobs are stored as they are; what the format always compresses is compressed fast.
    case off

    /// The level for the library.
    package var zstdLevel: Int32 {
        switch self {
        case .fastest, .off: 1
        case .auto: 3
        case .better: 7
        case .max: 19
        }
    }
}
