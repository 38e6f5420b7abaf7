package import BelayCore

extension TreeReader {
    /// The directories below a root that cannot be read, as paths from `/` on, with the ids of their trees.
    ///
    /// Reads every tree once; what is in files is not looked at.
    package func unreadableFolders(below root: BlobID) async throws -> [(tree: BlobID, path: String)] {
        let map = try await DamageSurvey.map(self, roots: [root])
        var folders: [(tree: BlobID, path: String)] = []
        map.forEachSpot(below: root) { _, spot, path in
            if case .lostTree(let tree) = spot.problem { folders.append((tree, path.description)) }
        }
        return folders
    }
}
