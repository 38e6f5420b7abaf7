import BelayCore
import Testing

@Suite struct `Snapshot tags` {
    @Test func `say what belay made, in the product's words`() throws {
        let tags = try SnapshotTags(
            kind: .checkpoint,
            name: "approved 1",
            project: "orgchart",
            userTags: ["x"]
        )
        #expect(
            tags.tags == [
                "belay", "belay:kind=checkpoint", "belay:name=approved 1", "belay:project=orgchart", "x",
            ]
        )
        #expect(tags.isCheckpoint)
        #expect(SnapshotTags.tag(for: .safety) == "belay:kind=safety")
        let released = tags.with(kind: .backup, name: nil)
        #expect(released.tags == ["belay", "belay:kind=backup", "belay:project=orgchart", "x"])
    }

    @Test(arguments: [
        ("a,b", "a%2Cb"), ("50%", "50%25"), ("a\nb\u{0}", "a%0Ab%00"), ("end  ", "end%20%20"),
        ("in side", "in side"),
        ("é漢🧗", "é漢🧗"), ("\u{85}\u{2028}x", "%C2%85%E2%80%A8x"), ("", ""), ("a=b:c", "a=b:c"),
    ])
    func `encode what a tag cannot hold`(name: String, written: String) throws {
        let tags = try SnapshotTags(kind: .checkpoint, name: name)
        #expect(tags.tags.last == "belay:name=\(written)")
        #expect(SnapshotTags(tags.tags) == tags)
    }

    @Test func `come back as they were, whatever the values`() throws {
        let seed: UInt64 = 8
        var generator = SeededGenerator(seed: seed)
        let letters = Array(",%\n\r\t =:aZé\u{301}漢\u{85}\u{A0}\u{2029}\u{7F}\"\\2C").flatMap(
            \.unicodeScalars
        )
        func value() -> String {
            var text = ""
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                text.unicodeScalars.append(letters[Int.random(in: 0..<letters.count, using: &generator)])
            }
            return text
        }
        for _ in 0..<3000 {
            let tags = try SnapshotTags(
                kind: SnapshotTags.Kind(word: value()),
                name: value(),
                project: value(),
                only: (0..<Int.random(in: 0...3, using: &generator)).map { _ in value() }
            )
            let written = tags.tags
            #expect(!written.contains { $0.utf8.contains(UInt8(ascii: ",")) }, "seed \(seed)")
            let read = SnapshotTags(written)
            #expect(read == tags, "seed \(seed)")
            #expect(read.tags.map { Array($0.utf8) } == written.map { Array($0.utf8) }, "seed \(seed)")
            #expect(read.name.map { Array($0.utf8) } == tags.name.map { Array($0.utf8) }, "seed \(seed)")
        }
    }

    @Test(arguments: [
        [], ["a", "b"], ["belay", "belay"], ["belay:kind=backup", "belay:kind=safety"], ["belay:name=%4a"],
        ["belay:name=%41"], ["belay:name=50%"], ["belay:name=a,b"], ["belay:other=1", "belay:"],
        ["belay:kind=new-kind"],
        ["belay:name=%FF"], ["", "belay:name=x "], ["b", "belay:project=p", "a", "belay"],
        ["belay:only=b", "belay:only=a", "belay:only=b", "belay:only=%41"],
    ])
    func `lose no tag of anybody`(tags: [String]) {
        let read = SnapshotTags(tags)
        #expect(read.tags.sorted() == tags.sorted())
        #expect(SnapshotTags(read.tags) == read)
    }

    @Test func `say which parts alone a snapshot holds, whatever their order`() throws {
        let tags = try SnapshotTags(
            kind: .backup,
            project: "p",
            only: ["web", "api", "web"],
            userTags: ["x"]
        )
        #expect(
            tags.tags == [
                "belay", "belay:kind=backup", "belay:project=p", "belay:only=api", "belay:only=web", "x",
            ]
        )
        #expect(tags.with(kind: .safety, name: nil).only == ["api", "web"])
    }

    @Test func `take only what is written as belay writes it`() {
        #expect(SnapshotTags(["belay:name=%41"]).name == nil)
        #expect(SnapshotTags(["belay:name=50%"]).userTags == ["belay:name=50%"])
        #expect(SnapshotTags(["belay:kind=safety"]).isBelay == false)
        #expect(SnapshotTags(["belay:kind=safety"]).kind == .safety)
    }

    @Test func `refuse a person's tag that means something else`() {
        #expect(throws: SnapshotTagError.comma("a,b")) { try SnapshotTags(kind: .backup, userTags: ["a,b"]) }
        #expect(throws: SnapshotTagError.reserved("belay")) {
            try SnapshotTags(kind: .backup, userTags: ["belay"])
        }
        #expect(throws: SnapshotTagError.reserved("belay:x")) {
            try SnapshotTags(kind: .backup, userTags: ["belay:x"])
        }
        #expect(throws: SnapshotTagError.empty) { try SnapshotTags(kind: .backup, userTags: [" "]) }
        #expect(SnapshotTagError(userTag: "belaying") == nil)
    }
}
