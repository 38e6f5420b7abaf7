import BelayCore
package import BelayKit

/// What `init` did.
package struct InitializationDocument: ReportDocument {
    package let messageType = "initialized"
    package let id: String
    package let repository: String
    package let createdRepository: Bool
    package let keyFile: String?
    package let createdKeyFile: Bool
    package let configuration: String?
    /// Whether belay stores snapshots there, or only reads those that are there.
    package let isWritable: Bool

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case id, repository
        case createdRepository = "created_repository"
        case keyFile = "key_file"
        case createdKeyFile = "created_key_file"
        case configuration
        case isWritable = "writable"
    }

    package init(_ result: InitializationResult) {
        id = result.repositoryID
        repository = result.repository
        createdRepository = result.createdRepository
        keyFile = result.keyFile
        createdKeyFile = result.createdKeyFile
        configuration = result.configuration
        isWritable = result.isWritable
    }

    package func text(_ style: TextStyle) -> String {
        var table = TextTable([.left, .left])
        table.add([
            "\(createdRepository ? "created" : "using") repository", PrintableText.of(repository),
        ])
        if let configuration { table.add(["wrote configuration", PrintableText.of(configuration)]) }
        if let keyFile {
            table.add(["\(createdKeyFile ? "created" : "using") key", PrintableText.of(keyFile)])
        }
        var lines = table.lines
        if createdKeyFile {
            lines.append("")
            lines.append(
                "Without this key nobody can read the snapshots, and neither can you. Keep a copy elsewhere:"
            )
            lines.append("  belay key recovery        prints a recovery key to keep on paper")
        }
        lines.append("")
        if isWritable {
            lines.append("Next: belay backup")
        } else {
            lines.append("The repository has format version 1, which belay only reads.")
            lines.append("Next: belay list, or to store snapshots in it: restic migrate upgrade_repo_v2")
        }
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String { "" }
}
