import TestSupport
import Testing

@testable import QueryEngine

/// Numbers under keys, against a dictionary.
@Suite struct NumberTableTests {
    @Test("What is found is what was put there first", arguments: 0..<16 as Range<UInt64>)
    func agreesWithADictionary(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var numbers = NumberTable<Int>()
        var texts = NumberTable<ShortText>()
        var byNumber: [Int: Int] = [:]
        var byText: [[UInt8]: Int] = [:]
        let letters = ["a", "b", "\0", "ü", "日", "e\u{301}", "🙂"]
        for step in 0..<2_000 {
            let key = Int(random.next() % 500) &* (random.next() % 2 == 0 ? 1 : -0x10_0000_0000)
            let known = numbers.insert(key, step) { _ in }
            #expect(known == byNumber[key], "seed \(seed)")
            byNumber[key] = byNumber[key] ?? step
            let text = (0..<random.next() % 5).map { _ in letters[Int(random.next() % 7)] }.joined()
            guard let short = ShortText(text) else {
                #expect(text.utf8.count > 15)
                continue
            }
            let same = texts.insert(short, step) { _ in }
            #expect(same == byText[Array(text.utf8)], "seed \(seed), \(text)")
            byText[Array(text.utf8)] = byText[Array(text.utf8)] ?? step
        }
    }

    @Test("Texts of at most 15 bytes are short", arguments: [(0, true), (8, true), (15, true), (16, false)])
    func limit(length: Int, isShort: Bool) {
        #expect((ShortText(String(repeating: "x", count: length)) != nil) == isShort)
    }

    @Test func lengthAndOrderOfBytesTellTextsApart() {
        let texts = ["", "\0", "\0\0", "a", "a\0", "ab", "ba", "12345678", "123456789", "923456781"]
        #expect(Set(texts.map { text in ShortText(text).map { "\($0)" } ?? "" }).count == texts.count)
    }
}
