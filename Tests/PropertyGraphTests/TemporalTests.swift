import PropertyGraph
import Testing

struct TemporalTests {
    @Test(arguments: ["2026-11-24", "-0001-12-31", "2000-02-29", "1600-01-01", "+12345-01-01"])
    func datesReadBackWhatTheyWrite(text: String) { #expect(CalendarDate(iso: text)?.description == text) }

    @Test(arguments: ["2026-02-29", "2026-13-01", "2026-1-1", "24.11.2026", "", "2026-11-24T00:00"])
    func textsThatAreNoDateAreRefused(text: String) { #expect(CalendarDate(iso: text) == nil) }

    @Test(arguments: ["12:31", "12:31:14", "12:31:14.645876123", "00:00", "23:59:59.000000001"])
    func timesReadBackWhatTheyWrite(text: String) { #expect(LocalTime(iso: text)?.description == text) }

    @Test(arguments: [
        "2026-11-24T12:31:14Z", "2026-11-24T12:31:14.5+01:00", "1969-12-31T23:59-05:30",
        "2026-11-24T12:31+01:00[Europe/Stockholm]",
    ])
    func momentsReadBackWhatTheyWrite(text: String) { #expect(ZonedDateTime(iso: text)?.description == text) }

    @Test(arguments: ["PT0S", "P1Y2M3DT4H5M6.7S", "P-1D", "PT-1.5S", "PT-0.5S", "P14M"])
    func durationsReadBackAsTheSameAmount(text: String) throws {
        let amount = try #require(TemporalDuration(iso: text))
        #expect(TemporalDuration(iso: amount.description) == amount)
    }

    @Test func offsetsMoveTheMomentAndNotTheClock() throws {
        let moment = try #require(ZonedDateTime(iso: "2026-11-24T00:30:00+01:00"))
        #expect(moment.seconds == ZonedDateTime(iso: "2026-11-23T23:30:00Z")?.seconds)
        #expect(moment.local.description == "2026-11-24T00:30")
    }

    @Test func everyDayOfFourCenturiesComesBack() {
        for days in stride(from: -146_097, through: 146_097, by: 37) {
            let (year, month, day) = CivilCalendar.civil(days: days)
            #expect(CivilCalendar.days(year: year, month: month, day: day) == days)
        }
    }

    @Test(arguments: ["Y", "M", "W", "D", "TH", "TM", "TS"])
    func durationsThatAreTooLargeAreNoDurations(part: String) {
        let designator = part.hasPrefix("T") ? String(part.dropFirst()) : part
        let parts = String(repeating: "999999999999999" + designator, count: 9999)
        _ = TemporalDuration(iso: "P" + (part.hasPrefix("T") ? "T" : "") + parts)
        let hours = String(repeating: "999999999999999H", count: 3)
        #expect(TemporalDuration(iso: "PT" + hours) == nil)
    }
}
