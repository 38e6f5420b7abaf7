import BelayCore
import BelayFormat
import Testing

@Suite struct `A polynomial` {
    @Test func `is irreducible by the published verdicts`() throws {
        for vector in try Vectors.shared.get().polynomials {
            let coefficients = try #require(UInt64(vector.polynomial, radix: 16))
            #expect(
                RabinPolynomial(coefficients: coefficients).isIrreducible == vector.irreducible,
                "\(vector.polynomial)"
            )
        }
    }

    /// Every polynomial of a degree up to 8, against division by all smaller ones.
    @Test func `is irreducible if nothing divides it`() {
        for coefficients in UInt64(0)..<512 {
            let polynomial = RabinPolynomial(coefficients: coefficients)
            let divisors = (UInt64(2)..<512).map { RabinPolynomial(coefficients: $0) }
                .filter { $0.degree < polynomial.degree }
            let expected =
                polynomial.degree >= 1 && divisors.allSatisfy { $0.remainder(of: coefficients) != 0 }
            #expect(polynomial.isIrreducible == expected, "\(coefficients)")
        }
    }

    @Test func `made at random is fit for the chunker`() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<5 {
            let polynomial = RabinPolynomial.random(using: &generator)
            #expect(polynomial.isFitForChunker)
            #expect(polynomial.degree == 53)
        }
    }

    @Test(arguments: [0, 1, 2, 0b111, 0x3d_a335_8b4d_c172, 0x7d_a335_8b4d_c173] as [UInt64])
    func `that is not fit gives no tables`(coefficients: UInt64) {
        #expect(throws: FormatError.self) {
            try ChunkerTables(polynomial: RabinPolynomial(coefficients: coefficients))
        }
    }
}

@Suite struct `The chunker` {
    private func tables(_ polynomial: String) throws -> ChunkerTables {
        let coefficients = try #require(UInt64(polynomial, radix: 16))
        return try ChunkerTables(polynomial: RabinPolynomial(coefficients: coefficients))
    }

    private func input(_ pieces: [Vectors.Chunking.Piece]) throws -> [UInt8] {
        var result: [UInt8] = []
        for piece in pieces {
            if piece.kind == "byte" {
                result += [UInt8](repeating: try #require(piece.value), count: piece.length)
            } else {
                result += stream(
                    try #require(piece.seed),
                    offset: piece.offset ?? 0,
                    length: piece.length
                )
            }
        }
        return result
    }

    private func lengths(_ chunker: Chunker, _ input: [UInt8]) -> [Int] {
        input.withBytes { input in
            var result: [Int] = []
            var position = 0
            while position < input.count {
                let cut = chunker.nextCut(in: UnsafeRawBufferPointer(rebasing: input[position...]))
                result.append(cut)
                position += cut
            }
            return result
        }
    }

    @Test func `has the published tables and fingerprints`() throws {
        let vector = try Vectors.shared.get().chunker.tables
        let tables = try tables(vector.polynomial)
        for (table, digest) in [(tables.out, vector.sha256OutLe64), (tables.mod, vector.sha256ModLe64)] {
            let bytes = table.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
            #expect(BlobHasher.digest(bytes).hexadecimal == digest)
        }
        for fingerprint in vector.fingerprints {
            let window = try bytes(fingerprint.windowHex)
            #expect(
                window.withBytes { tables.fingerprint($0) } == UInt64(fingerprint.fingerprint, radix: 16)
            )
        }
    }

    @Test(arguments: [false, true]) func `cuts as published`(usesWideRegisters: Bool) throws {
        for vector in try Vectors.shared.get().chunker.vectors {
            #if DEBUG
            // Without optimisation the large inputs take minutes.
            if vector.input.reduce(0, { $0 + $1.length }) > 1 << 20 { continue }
            #endif
            let input = try input(vector.input)
            #expect(BlobHasher.digest(input).hexadecimal == vector.sha256OfInput)
            let chunker = Chunker(
                tables: try tables(vector.polynomial),
                usesWideRegisters: usesWideRegisters
            )
            #expect(
                lengths(chunker, input) == vector.chunks.map(\.length),
                "\(vector.name) \(vector.polynomial)"
            )
            for chunk in vector.chunks {
                let digest = BlobHasher.digest(Array(input[chunk.offset..<chunk.offset + chunk.length]))
                #expect(digest.hexadecimal == chunk.sha256)
            }
        }
    }

    /// Small sizes make every path of the search run; the definition is applied byte by byte.
    @Test(arguments: 1...16 as ClosedRange<UInt64>)
    func `agrees with its definition`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let tables = try tables("3da3358b4dc173")
        // Every other time long enough for the wide search, with and without hits on the way.
        let isLong = seed.isMultiple(of: 2)
        let bits = Int.random(in: isLong ? 12...17 : 4...12, using: &generator)
        let minimum = Int.random(in: 64...300, using: &generator)
        let maximum =
            minimum
            + (isLong
                ? Int.random(in: 20_000...300_000, using: &generator)
                : Int.random(in: 0...6000, using: &generator))
        let parameters = try #require(
            ChunkerParameters(minimum: minimum, maximum: maximum, averageBits: bits)
        )
        let input = generator.bytes(isLong ? 700_000 : 30_000)
        let cuts = lengths(Chunker(tables: tables, parameters: parameters), input)
        let narrow = Chunker(tables: tables, parameters: parameters, usesWideRegisters: false)
        #expect(lengths(narrow, input) == cuts)

        var expected: [Int] = []
        var start = 0
        while start < input.count {
            var length = min(minimum, input.count - start)
            while start + length < input.count, length < maximum {
                let window = Array(input[start + length - 64..<start + length])
                if window.withBytes({ tables.fingerprint($0) }) & parameters.mask == 0 { break }
                length += 1
            }
            expected.append(length)
            start += length
        }
        #expect(cuts == expected, "seed \(seed), \(parameters)")
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `finds the same cuts when a file comes in pieces`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let parameters = try #require(ChunkerParameters(minimum: 200, maximum: 9000, averageBits: 11))
        let chunker = Chunker(tables: try tables("3da3358b4dc173"), parameters: parameters)
        let input = generator.bytes(60_000)
        let cuts: [Int] = input.withBytes { input in
            var cuts: [Int] = []
            var start = 0
            while start < input.count {
                var length = 0
                var cut: Int?
                while cut == nil {
                    let searched = length
                    length = min(
                        length + Int.random(in: 0...3000, using: &generator),
                        input.count - start
                    )
                    let seen = UnsafeRawBufferPointer(rebasing: input[start..<start + length])
                    cut = chunker.nextCut(in: seen, searched: searched)
                    if cut == nil, start + length == input.count { cut = length }
                }
                cuts.append(cut ?? 0)
                start += cut ?? 0
            }
            return cuts
        }
        #expect(cuts == lengths(chunker, input), "seed \(seed)")
    }
}

@Suite struct `Chunks of a database` {
    @Test(arguments: [(1, 16), (7, 16), (8, 18), (16, 20), (64, 21), (100_000, 21), (0, 16)])
    func `are the larger the better it compresses`(ratio: Int, bits: Int) {
        #expect(ChunkerParameters.databaseBits(forRatio: ratio) == bits)
    }

    @Test func `are never larger than those of files`() {
        for bits in -1...40 {
            let parameters = ChunkerParameters.database(bits: bits)
            #expect(parameters.maximum <= ChunkerParameters.restic.maximum)
            #expect(parameters.minimum >= 32 << 10 && parameters.minimum < parameters.maximum)
            #expect(ChunkerParameters.databaseBits.contains(parameters.averageBits))
        }
    }
}
