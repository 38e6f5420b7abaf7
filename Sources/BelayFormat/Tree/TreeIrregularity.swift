package import BelayCore

/// What is wrong with a tree that can be read nevertheless, and that restic's own check does not see.
package enum TreeIrregularity: Hashable, Sendable {
    /// A name that a directory cannot have, such as `..`: restoring it would write elsewhere.
    case invalidName(FileName)
    /// A name that does not come after the one before it.
    case notInOrder(FileName)
    /// A name that is there twice.
    case duplicateName(FileName)
    /// A file without a list of chunks.
    case missingContent(FileName)
    /// A directory without a tree.
    case missingSubtree(FileName)
    /// The text is not the one that the nodes give: restic refuses to rewrite the tree.
    case notCanonical
}

extension TreeIrregularity: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidName(let name): "the name '\(name)' is not valid"
        case .notInOrder(let name): "'\(name)' is not in order"
        case .duplicateName(let name): "'\(name)' is there twice"
        case .missingContent(let name): "the file '\(name)' has no list of chunks"
        case .missingSubtree(let name): "the directory '\(name)' has no tree"
        case .notCanonical: "the text is not canonical"
        }
    }
}
