package import BelayCore
package import BelaySystem

/// A folder of kept states that are files or folders, each under a name of ``KeptName``.
package struct KeptFolder: Sendable {
    package let path: String
    /// What the names end with.
    private let suffix: String
    /// Bytes that a name may have, without the suffix.
    private let maximum: Int

    package init(_ path: String, suffix: String = "", maximum: Int = 63) {
        self.path = path
        self.suffix = suffix
        self.maximum = maximum
    }

    /// The kept states of `base`, as those of an engine's database, the oldest first; none where there is no folder.
    package func states(of base: String, _ engine: any DatabaseEngine) throws(SystemError) -> [KeptDatabase] {
        try Paths.names(in: path).compactMap { file -> KeptDatabase? in
            moment(of: file, base).map {
                KeptDatabase(
                    name: engine.name,
                    engine: engine.kind,
                    place: "\(path)/\(file)",
                    replaced: $0.seconds
                )
            }
        }.sorted { $0.replaced < $1.replaced }
    }

    /// Whether that is the place of a kept state of `base` in this folder.
    package func holds(_ place: String, of base: String) -> Bool {
        guard place.hasPrefix(path + "/") else { return false }
        return moment(of: String(place.dropFirst(path.utf8.count + 1)), base) != nil
    }

    private func moment(of file: String, _ base: String) -> Timestamp? {
        guard file.hasSuffix(suffix) else { return nil }
        return KeptName.moment(of: String(file.dropLast(suffix.count)), base: base, maximum: maximum)
    }

    /// A place where nothing is yet for a state of `base` that is replaced at `moment` or a little later; the folder
    /// is made.
    package func place(
        for base: String,
        at moment: Timestamp
    ) throws(SystemError) -> (path: String, moment: Timestamp) {
        try Paths.makeFolders(path, mode: 0o700)
        func place(_ name: String) -> String { "\(path)/\(name)\(suffix)" }
        let free = KeptName.free(base, moment, maximum: maximum) { Paths.exists(place($0)) }
        return (place(free.name), free.moment)
    }

    /// Gives a place in this folder what `body` makes at another path, once that is whole: whoever is killed
    /// meanwhile leaves nothing that looks like a kept state.
    ///
    /// What dead runs have left is removed before. `body` sees that what it makes is on stable storage.
    package func fill(_ place: String, _ body: (_ path: String) throws -> Void) throws {
        let folder = try ScratchFolder(in: path, for: "state", prefix: ".belay-")
        defer {
            // What is left is removed by a later run.
            try? folder.remove()
        }
        let arriving = "\(folder.path)/state"
        try body(arriving)
        try Paths.rename(arriving, to: place)
        try synchronize()
    }

    /// Sees that what has come into this folder, or left it, is on stable storage.
    package func synchronize() throws(SystemError) { try Folder.open(path: path).synchronize() }
}
