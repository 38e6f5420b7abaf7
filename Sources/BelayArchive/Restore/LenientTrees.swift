import BelayCore
import BelayFormat
import BelayRepository

extension TreeReader {
    /// The nodes of a tree, sorted by name, even if some have names that no entry can have or that are taken.
    ///
    /// A single such name makes the strict reading refuse the whole tree; here it costs that entry alone. The
    /// caller must look at every name before it is used.
    ///
    /// - Throws: `repository.damaged` if the tree cannot be read at all.
    func loadNodes(_ id: BlobID) async throws -> [Node] {
        let text = try await loadBytes(id)
        do throws(FormatError) {
            return try TreeDecoding.decode(text).nodes
        } catch {
            do throws(FormatError) {
                return try TreeDecoding.examine(text).tree.nodes.sorted { $0.name < $1.name }
            } catch {
                throw BelayError(
                    .repositoryDamaged,
                    "tree \(id.short) is not a valid directory",
                    hint: "run `belay verify --all` to see what is affected",
                    subjects: [id.hexadecimal],
                    cause: error
                )
            }
        }
    }
}
