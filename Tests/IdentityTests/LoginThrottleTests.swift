import Identity
import Testing

@Suite("Guessing passwords is slow")
struct LoginThrottleTests {
    @Test("The first failures cost nothing, then each doubles the wait, up to a limit")
    func waitsGrow() {
        let throttle = LoginThrottle()
        for _ in 1..<LoginThrottle.freeFailures { throttle.failed("anne", at: 0) }
        #expect(throttle.wait("anne", at: 0) == nil)
        var waits: [Int?] = []
        for _ in 0..<12 {
            throttle.failed("anne", at: 0)
            waits.append(throttle.wait("anne", at: 0))
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
        #expect(throttle.wait("bob", at: 0) == nil)
        #expect(throttle.wait("anne", at: 900) == nil)
    }

    @Test("The right password forgets all failures")
    func successForgets() {
        let throttle = LoginThrottle()
        for _ in 0..<8 { throttle.failed("anne", at: 0) }
        throttle.succeeded("anne")
        throttle.failed("anne", at: 0)
        #expect(throttle.wait("anne", at: 0) == nil)
    }

    @Test("Names that nobody locks out any more make room for others")
    func memoryIsBounded() {
        let throttle = LoginThrottle()
        for number in 0..<LoginThrottle.nameLimit { throttle.failed("name\(number)", at: 0) }
        for _ in 0..<LoginThrottle.freeFailures { throttle.failed("anne", at: 10) }
        #expect(throttle.wait("anne", at: 10) == 1)
    }
}
