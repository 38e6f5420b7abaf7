import BelayCore
import BelayReport
import BelayRepository
import Testing

@Suite struct `What a verification tells` {
    private func report(errors: Int, hints: Int) -> CheckReport {
        var report = CheckReport()
        for number in 0..<hints { report.add(.packMixed(PackID(Digest(0, 0, 0, UInt64(number))))) }
        for number in 0..<errors { report.add(.packMissing(PackID(Digest(1, 0, 0, UInt64(number))))) }
        return report
    }

    @Test func `has the true numbers of errors and hints, also of those that are only counted`() {
        let maximum = CheckReport.findingsMaximum
        let document = VerifyDocument(report(errors: maximum + 1, hints: maximum + 2), duration: .seconds(1))
        #expect(document.errors == maximum + 1)
        #expect(document.hints == maximum + 2)
        #expect(document.findings.count == 2 * maximum)
        let lines = document.text(.plain).split(separator: "\n")
        #expect(lines.contains("and 1 more error"))
        #expect(lines.contains("and 2 more hints"))
        #expect(lines.last?.hasPrefix("10,001 errors found") == true, "\(lines.last ?? "")")
    }

    @Test func `does not hide an error behind hints`() {
        let document = VerifyDocument(
            report(errors: 1, hints: CheckReport.findingsMaximum + 1),
            duration: .seconds(1)
        )
        #expect(document.errors == 1)
        #expect(document.text(.plain).contains("1 error found"))
        #expect(!document.text(.plain).contains("no errors were found"))
    }
}
