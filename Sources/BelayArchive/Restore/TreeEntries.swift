package import BelayCore
import BelayFormat
package import BelayRepository

/// The entries of a tree: those that can be in a directory, and those that no directory can have beside them.
struct TreeEntries: Sendable {
    /// An entry that must not be used by its name, nor anything below it.
    struct Refusal: Sendable {
        var node: Node
        var reason: String
    }

    /// Sorted by name; each name is valid and there once.
    private(set) var nodes: [Node]
    private(set) var refusals: [Refusal] = []

    /// Sorts out nodes that are ordered by name.
    init(_ sorted: [Node]) {
        let isUsable = sorted.indices.allSatisfy { position in
            sorted[position].name.isValid
                && (position == 0 || sorted[position - 1].name != sorted[position].name)
        }
        nodes = isUsable ? sorted : []
        if isUsable { return }
        for node in sorted {
            if !node.name.isValid {
                let reason = "no entry of a directory can have this name"
                refusals.append(Refusal(node: node, reason: reason))
            } else if nodes.last?.name == node.name {
                // As a symlink and a directory, the two would lead what is below the one out through the other.
                let reason = "its name is there twice, and only the first counts"
                refusals.append(Refusal(node: node, reason: reason))
            } else {
                nodes.append(node)
            }
        }
    }
}

extension TreeReader {
    /// The entries of a tree, even if some have names that no entry can have or that are taken.
    ///
    /// A single such name makes the strict reading refuse the whole tree; here it costs that entry alone.
    ///
    /// - Throws: `repository.damaged` if the tree cannot be read at all.
    func loadEntries(_ id: BlobID) async throws -> TreeEntries {
        let text = try await loadBytes(id)
        do throws(FormatError) {
            return TreeEntries(try TreeDecoding.decode(text).nodes)
        } catch {
            do throws(FormatError) {
                return TreeEntries(try TreeDecoding.examine(text).tree.nodes.sorted { $0.name < $1.name })
            } catch {
                throw Self.damage(id, error)
            }
        }
    }

    /// The usable entries of a tree alone; those that are not are noted.
    package func loadNodes(_ id: BlobID) async throws -> [Node] {
        let entries = try await loadEntries(id)
        for refusal in entries.refusals {
            blobs.repository.note("'\(refusal.node.name)' in tree \(id.short) is left out: \(refusal.reason)")
        }
        return entries.nodes
    }
}
