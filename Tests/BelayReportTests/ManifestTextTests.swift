import BelayCore
import BelayWorkflows
import Testing

@Suite struct `A manifest that is none of ours` {
    @Test(arguments: [
        ("{\"schema\":1}", "'program' is missing"), ("[]", "the whole is of another type"),
        ("{", "it is not valid JSON"), ("", "it is not valid JSON"),
        ("{\"schema\":1,\"program\":null}", "'program' is null"),
        (
            """
            {"schema":1,"program":"p","project":"p","kind":"k","time":"t",
             "parts":[{"name":"n","kind":"k","paths":[7]}]}
            """, "'parts[0].paths[0]' is of another type"
        ),
    ])
    func `is told of in plain words`(text: String, detail: String) {
        let error = #expect(throws: BelayError.self) { try ManifestText.decode(Array(text.utf8)) }
        #expect(error?.code == .repositoryDamaged)
        #expect(error?.cause.map { "\($0)" } == "malformed manifest: \(detail)")
    }
}
