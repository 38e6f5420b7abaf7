package import BelayCore
import BelayRules

/// Where a repository is, as somebody wrote it.
package enum RepositoryLocation: Equatable, Sendable {
    /// The word `default`: the repository that all of a user's projects share.
    case standard
    /// A directory, as written: perhaps relative, perhaps with `~`.
    case local(String)
    /// Somewhere else, by one of restic's schemes.
    case remote(RemoteLocation)
}

/// A repository that is not a directory here.
package struct RemoteLocation: Equatable, Sendable {
    /// The ways to reach a repository that restic has names for.
    package enum Scheme: String, Hashable, Sendable, CaseIterable {
        case s3, rest, rclone, sftp, azure, b2, gs, swift
    }

    package let scheme: Scheme
    /// What follows the scheme and its colon, as written; it may hold a password.
    package let address: Secret

    package init(scheme: Scheme, address: Secret) {
        self.scheme = scheme
        self.address = address
    }
}

/// Why a text does not name a repository.
///
/// The text itself is not told, because it may hold a password.
package enum RepositoryLocationError: Error, Equatable {
    case empty
    case unknownScheme(String, suggestion: String?)
    case missingAddress(RemoteLocation.Scheme)
    case unusableCharacter
}

extension RepositoryLocation {
    /// The location that `text` names, by restic's rules and with the word `default` besides.
    ///
    /// A directory called `default` is written `./default`, and one with a colon in it begins with `/`, `./`
    /// or `~/`.
    package init(_ text: String) throws(RepositoryLocationError) {
        guard !text.allSatisfy(\.isWhitespace) else { throw .empty }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw .unusableCharacter
        }
        if text == "default" {
            self = .standard
            return
        }
        let beginsAsPath = ["/", "./", "../", "~/"].contains { text.hasPrefix($0) } || text == "~"
        guard !beginsAsPath, let colon = text.firstIndex(of: ":") else {
            self = .local(text)
            return
        }
        let word = String(text[..<colon])
        let address = String(text[text.index(after: colon)...])
        if word == "local" {
            guard !address.isEmpty else { throw .empty }
            self = .local(address)
        } else if let scheme = RemoteLocation.Scheme(rawValue: word) {
            guard !address.isEmpty else { throw .missingAddress(scheme) }
            self = .remote(RemoteLocation(scheme: scheme, address: Secret(address)))
        } else if Self.looksLikeScheme(word) {
            let known = RemoteLocation.Scheme.allCases.map(\.rawValue) + ["local"]
            throw .unknownScheme(word, suggestion: NearestName.suggestion(for: word, among: known))
        } else {
            self = .local(text)
        }
    }

    private static func looksLikeScheme(_ word: String) -> Bool {
        guard let first = word.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return word.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E].contains(byte)
        }
    }
}

extension RemoteLocation: CustomStringConvertible {
    /// The location for people: without a user, a password or a query in it.
    package var description: String {
        var text = address.revealText().prefix { $0 != "?" && $0 != "#" }
        if scheme == .rclone, let comma = text.firstIndex(of: ",") {
            // rclone's connection strings carry settings, passwords among them, after the first comma.
            return "rclone:\(text[..<comma])…"
        }
        let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        if parts.count >= 3, parts[1].isEmpty {
            let authority = parts[2]
            // A password with an unescaped slash in it ends the authority early: then no port follows the
            // colon.
            let port =
                authority.split(separator: ":", omittingEmptySubsequences: false).dropFirst().last ?? ""
            let isCut = !port.allSatisfy(\.isNumber)
            if let at = (isCut ? text : authority).lastIndex(of: "@") {
                text = text[..<authority.startIndex] + text[text.index(after: at)...]
            }
        }
        return "\(scheme.rawValue):\(text)"
    }
}

extension RepositoryLocation: CustomStringConvertible {
    /// The location for people, without credentials.
    package var description: String {
        switch self {
        case .standard: "default"
        case .local(let path): path
        case .remote(let remote): remote.description
        }
    }
}

extension RepositoryLocationError: CustomStringConvertible {
    /// What is wrong with the text, fit to follow a colon.
    package var description: String {
        switch self {
        case .empty:
            "it is empty"
        case .unknownScheme(let word, let suggestion?):
            "unknown scheme `\(word):`; did you mean `\(suggestion):`?"
        case .unknownScheme(let word, nil):
            "unknown scheme `\(word):`; a directory with a colon in its name begins with `./`"
        case .missingAddress(let scheme):
            "nothing follows `\(scheme.rawValue):`"
        case .unusableCharacter:
            "it holds a control character"
        }
    }
}
