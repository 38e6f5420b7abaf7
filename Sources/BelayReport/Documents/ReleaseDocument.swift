import BelayCore
package import BelayWorkflows

/// A checkpoint that is one no more.
package struct ReleaseDocument: ReportDocument {
    package let name: String
    package let snapshot: SnapshotItem

    package init(name: String, _ result: ReleaseResult, in workspace: Workspace) {
        self.name = name
        snapshot = SnapshotItem(
            result.snapshot,
            isLatest: result.isLatest,
            in: workspace,
            manifest: result.manifest
        )
    }

    package func text(_ style: TextStyle) -> String {
        let name = PrintableText.of(name)
        let argument = name.hasPrefix("-") ? "-- \(name)" : name
        return """
            released  checkpoint '\(name)'; its snapshot is now \(snapshot.shortID)
            To pin the present state again: belay checkpoint \(argument)
            """
    }

    package func quietText(_ style: TextStyle) -> String { "" }
}
