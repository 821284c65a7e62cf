/// Days, times, moments and durations.
enum TemporalQueries {
    static let text = #"""
        # days
        date('2026-11-25') ⇒ 2026-11-25
        date('20261125') ⇒ 2026-11-25
        date('2026-11') ⇒ 2026-11-01
        date('2026-W48-3') ⇒ 2026-11-25
        date('2026-329') ⇒ 2026-11-25
        date({year: 2026, month: 11, day: 25}) ⇒ 2026-11-25
        date({year: 2026, week: 48}) ⇒ 2026-11-23
        date({year: 2026, quarter: 4, dayOfQuarter: 2}) ⇒ 2026-10-02
        date({year: 2026, ordinalDay: 60}) ⇒ 2026-03-01
        date(datetime('2026-11-25T23:00Z')) ⇒ 2026-11-25
        date(null) ⇒ null
        date('2026-02-29') ⇒ ! InvalidArgumentValue
        date('2024-02-29').ordinalDay ⇒ 60
        date('2026-11-25').dayOfWeek ⇒ 3
        date('2026-11-25').quarter ⇒ 4
        date('2026-01-01').week ⇒ 1
        date('2027-01-01').weekYear ⇒ 2026
        date.truncate('year', date('2026-11-25')) ⇒ 2026-01-01
        date.truncate('week', date('2026-11-25')) ⇒ 2026-11-23
        date.truncate('decade', date('2026-11-25')) ⇒ 2020-01-01
        date.truncate('century', date('2026-11-25')) ⇒ 2000-01-01
        date.truncate('month', date('2026-11-25'), {day: 3}) ⇒ 2026-11-03
        date.truncate('hour', date('2026-11-25')) ⇒ ! InvalidArgumentValue
        date('2026-11-25') > date('2026-11-24') ⇒ true
        date('2026-12-31') + duration('P2M') ⇒ 2027-02-28
        date('2026-03-31') - duration('P1M') ⇒ 2026-02-28
        # times of day
        localtime('12:30') ⇒ 12:30
        localtime('123045.5') ⇒ 12:30:45.5
        localtime({hour: 1, minute: 2, second: 3, millisecond: 4}) ⇒ 01:02:03.004
        localtime('23:30') + duration('PT1H') ⇒ 00:30
        localtime.truncate('minute', localtime('12:30:45')) ⇒ 12:30
        localtime('12:30:45').second ⇒ 45
        time('12:30+02:00') ⇒ 12:30+02:00
        time('12:30+02:00') = time('11:30+01:00') ⇒ true
        time({hour: 12, timezone: '+01:00'}).offset ⇒ '+01:00'
        time({time: time('12:00+01:00'), timezone: '+05:00'}) ⇒ 16:00+05:00
        time.truncate('hour', time('12:30:45+02:00')) ⇒ 12:00+02:00
        localtime('25:00') ⇒ ! InvalidArgumentValue
        # moments
        localdatetime('2026-11-25T12:30') ⇒ 2026-11-25T12:30
        localdatetime({year: 2026, month: 11, day: 25, hour: 7}) ⇒ 2026-11-25T07:00
        localdatetime.truncate('day', localdatetime('2026-11-25T12:30')) ⇒ 2026-11-25T00:00
        datetime('2026-11-25T12:30Z') ⇒ 2026-11-25T12:30Z
        datetime('2026-11-25T12:30+01:00').epochSeconds ⇒ 1795606200
        datetime({epochSeconds: 0}) ⇒ 1970-01-01T00:00Z
        datetime({epochMillis: 1500}) ⇒ 1970-01-01T00:00:01.5Z
        datetime.fromEpoch(1, 5) ⇒ 1970-01-01T00:00:01.000000005Z
        datetime.fromEpochMillis(1000) ⇒ 1970-01-01T00:00:01Z
        datetime('2026-07-01T12:00[Europe/Stockholm]') ⇒ 2026-07-01T12:00+02:00[Europe/Stockholm]
        datetime('2026-11-25T12:00Z') = datetime('2026-11-25T13:00+01:00') ⇒ true
        datetime({datetime: datetime('2026-11-25T12:00Z'), timezone: 'Asia/Tokyo'}) ⇒ 2026-11-25T21:00+09:00[Asia/Tokyo]
        datetime.truncate('month', datetime('2026-11-25T12:30Z')) ⇒ 2026-11-01T00:00Z
        datetime('2026-11-25T12:30:45.123456789Z').nanosecond ⇒ 123456789
        datetime('2026-11-25T12:30:45.123456789Z').millisecond ⇒ 123
        datetime('2026-11-25T12:00Z').timezone ⇒ 'Z'
        datetime('2026-11-25T12:00[Mars/Base]') ⇒ ! InvalidArgumentValue
        datetime().epochSeconds ⇒ 1795521600
        datetime.statement() = datetime.transaction() ⇒ true
        date.realtime('Europe/Stockholm') = date() ⇒ true
        timestamp() ⇒ 1795521600000
        # durations
        duration('P1Y2M3DT4H5M6S') ⇒ P1Y2M3DT4H5M6S
        duration({days: 1, hours: 25}) ⇒ P1DT25H
        duration({weeks: 2}) ⇒ P14D
        duration({months: 14}).years ⇒ 1
        duration({months: 14}).monthsOfYear ⇒ 2
        duration('PT90M').hours ⇒ 1
        duration('PT90M').minutesOfHour ⇒ 30
        duration('P1D') + duration('PT1H') ⇒ P1DT1H
        duration('P2D') * 1.5 ⇒ P3D
        duration('P1D') / 2 ⇒ PT12H
        duration.between(date('2026-01-31'), date('2026-03-01')) ⇒ P1M1D
        duration.inMonths(date('2026-01-01'), date('2027-03-15')) ⇒ P1Y2M
        duration.inDays(date('2026-01-01'), date('2026-02-01')) ⇒ P31D
        duration.inSeconds(localtime('10:00'), localtime('11:30')) ⇒ PT1H30M
        duration.inSeconds(date('2026-11-25'), localtime('06:00')) ⇒ PT6H
        duration.inSeconds(datetime('2026-10-25T00:00[Europe/Stockholm]'), localtime('04:00')) ⇒ PT5H
        duration.between(null, date()) ⇒ null
        date() - date() ⇒ ! InvalidArgumentType
        duration('soon') ⇒ ! InvalidArgumentValue
        """#
}
