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

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case id, repository
        case createdRepository = "created_repository"
        case keyFile = "key_file"
        case createdKeyFile = "created_key_file"
        case configuration
    }

    package init(_ result: InitializationResult) {
        id = result.repositoryID
        repository = result.repository
        createdRepository = result.createdRepository
        keyFile = result.keyFile
        createdKeyFile = result.createdKeyFile
        configuration = result.configuration
    }

    package func text(_ style: TextStyle) -> String {
        var lines = ["\(createdRepository ? "created" : "using") repository  \(repository)"]
        if let configuration { lines.append("wrote configuration  \(configuration)") }
        if let keyFile {
            lines.append("\(createdKeyFile ? "created key" : "using key")         \(keyFile)")
        }
        if createdKeyFile {
            lines.append("")
            lines.append(
                "Without this key nobody can read the snapshots, and neither can you. Keep a copy elsewhere:"
            )
            lines.append("  belay key recovery        prints a recovery key to keep on paper")
        }
        lines.append("")
        lines.append("Next: belay backup")
        return lines.joined(separator: "\n")
    }
}
