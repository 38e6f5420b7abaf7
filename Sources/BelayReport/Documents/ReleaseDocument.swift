package import BelayCore
package import BelayWorkflows

/// A checkpoint that is one no more.
package struct ReleaseDocument: ReportDocument {
    package let name: String
    package let snapshot: SnapshotItem

    package init(name: String, snapshot: StoredSnapshot, in workspace: Workspace) {
        self.name = name
        self.snapshot = SnapshotItem(snapshot, isLatest: false, in: workspace)
    }

    package func text(_ style: TextStyle) -> String {
        """
        released  checkpoint '\(name)'; its snapshot is now \(snapshot.shortID)
        To pin the present state again: belay checkpoint \(name)
        """
    }
}
