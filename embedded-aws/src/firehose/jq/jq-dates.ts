/**
 * Dates as jq 1.6 reads and writes them on Linux, with glibc: the C library that jq is compiled with here knows fewer
 * letters, and fills in another date where a text has none. In jq, as it runs inside of filters; only for those that
 * need it, because definitions cost time in every call.
 */
export const dateDefinitions = (bare: string): string =>
  (/\bstrptime\b/.test(bare) ? strptime : '') + (/\bstrftime\b/.test(bare) ? strftime : '');

/** After glibc's strptime: state is the place in the text, the fields of `struct tm`, and what the text said. */
const strptime = String.raw`
def strptime($format):
  if type != "string" or ($format | type) != "string" then error("strptime/1 requires string inputs and arguments") else . end |
  . as $text | explode as $s | ascii_downcase as $low |
  def isSpace: . == 32 or (. != null and . >= 9 and . <= 13);
  def isDigit: . != null and . >= 48 and . <= 57;
  def spaces: until($s[.i] | isSpace | not; .i += 1);
  def number($from; $to; $digits): spaces | if $s[.i] | isDigit | not then null else
    .v = $s[.i] - 48 | .i += 1 | .n = $digits - 1 |
    until(.n <= 0 or .v * 10 > $to or ($s[.i] | isDigit | not); .v = .v * 10 + $s[.i] - 48 | .i += 1 | .n -= 1) |
    if .v < $from or .v > $to then null else . end end;
  def digits: if $s[.i] | isDigit | not then null else
    .v = 0 | until($s[.i] | isDigit | not; .v = .v * 10 + $s[.i] - 48 | .i += 1) end;
  def name($names): . as $state | first(range($names | length) as $k | $names[$k] as $name |
    ($name, $name[:3]) as $word | select($low[$state.i:$state.i + ($word | length)] == $word) |
    $state | .v = $k | .i += ($word | length)) // null;
  def leap: (.year + 1900) | . % 4 == 0 and (. % 100 != 0 or . % 400 == 0);
  def days: if leap then [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366]
    else [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365] end;
  def weekday: ((.year + 1900 - (if .mon < 2 then 1 else 0 end)) / 4 | trunc) as $quarter |
    (-473 + 365 * (.year - 70) + $quarter - ($quarter / 25 | trunc) + (if $quarter % 25 < 0 then 1 else 0 end) +
    (($quarter / 25 | trunc) / 4 | trunc) + [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][.mon] + .mday - 1) |
    (. % 7 + 7) % 7;
  def byYearDay: . as $state | days as $days | first(range(1; 13) | select($days[.] > $state.yday)) as $next |
    if .hasMonth then . else .mon = $next - 1 end | if .hasDay then . else .mday = .yday - $days[$next - 1] + 1 end;
  def zone: spaces | if $s[.i] == 90 then .i += 1 elif $s[.i] != 43 and $s[.i] != 45 then null else
    .i += 1 | .n = 0 | .v = 0 |
    until(.n == 4 or ($s[.i] | isDigit | not);
      .v = .v * 10 + $s[.i] - 48 | .i += 1 | .n += 1 |
      if .n == 2 and $s[.i] == 58 and ($s[.i + 1] | isDigit) then .i += 1 else . end) |
    if .n == 2 or (.n == 4 and .v % 100 < 60) then . else null end end;
  def set(f): if . == null then null else f end;
  def read($given):
    reduce ($given | scan("%[-_0^#]*[EO]?[\\s\\S]|[\\s\\S]")) as $token (.;
      if . == null then null
      elif ($token | length) == 1 then
        if $token | explode[0] | isSpace then spaces
        elif $token != "%" and $s[.i] == ($token | explode[0]) then .i += 1 else null end
      else ($token[1:] | sub("^[-_0^#]+"; "")) as $letter |
        ($letter | if test("^(E[cCyYxX]|O[bBdehHImMSUVWwy])$") then .[1:] else . end) as $letter |
        if $letter == "%" then if $s[.i] == 37 then .i += 1 else null end
        elif $letter == "a" or $letter == "A" then
          name(["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]) |
          set(.wday = .v | .hasWeekday = true)
        elif $letter == "b" or $letter == "B" or $letter == "h" then
          name(["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]) |
          set(.mon = .v | .hasMonth = true | .wantsDay = true)
        elif $letter == "c" then read("%a %b %e %H:%M:%S %Y")
        elif $letter == "C" then number(0; 99; 2) | set(.century = .v | .wantsDay = true)
        elif $letter == "d" or $letter == "e" then number(1; 31; 2) | set(.mday = .v | .hasDay = true | .wantsDay = true)
        elif $letter == "x" or $letter == "D" then read("%m/%d/%y") | set(.wantsDay = true)
        elif $letter == "F" then read("%Y-%m-%d") | set(.wantsDay = true)
        elif $letter == "k" or $letter == "H" then number(0; 23; 2) | set(.hour = .v | .isHalf = false)
        elif $letter == "l" or $letter == "I" then number(1; 12; 2) | set(.hour = .v % 12 | .isHalf = true)
        elif $letter == "j" then number(1; 366; 3) | set(.yday = .v - 1 | .hasYearDay = true)
        elif $letter == "m" then number(1; 12; 2) | set(.mon = .v - 1 | .hasMonth = true | .wantsDay = true)
        elif $letter == "M" then number(0; 59; 2) | set(.min = .v)
        elif $letter == "n" or $letter == "t" then spaces
        elif $letter == "p" then
          $low[.i:.i + 2] as $half | if $half == "am" or $half == "pm" then .isPm = ($half == "pm") | .i += 2 else null end
        elif $letter == "r" then read("%I:%M:%S %p")
        elif $letter == "R" then read("%H:%M")
        elif $letter == "s" then digits | set((.v | gmtime) as $time |
          .year = $time[0] - 1900 | .mon = $time[1] | .mday = $time[2] | .hour = $time[3] | .min = $time[4] |
          .sec = $time[5] | .wday = $time[6] | .yday = $time[7])
        elif $letter == "S" then number(0; 61; 2) | set(.sec = .v)
        elif $letter == "X" or $letter == "T" then read("%H:%M:%S")
        elif $letter == "u" then number(1; 7; 1) | set(.wday = .v % 7 | .hasWeekday = true)
        elif $letter == "w" then number(0; 6; 1) | set(.wday = .v | .hasWeekday = true)
        elif $letter == "g" then number(0; 99; 2)
        elif $letter == "G" then digits
        elif $letter == "V" then number(0; 53; 2)
        elif $letter == "U" or $letter == "W" then number(0; 53; 2) | set(.week = .v | .weekFrom = (if $letter == "U" then 0 else 1 end))
        elif $letter == "y" then number(0; 99; 2) |
          set(.year = (if .v >= 69 then .v else .v + 100 end) | .wantsCentury = true | .wantsDay = true)
        elif $letter == "Y" then number(0; 9999; 4) | set(.year = .v - 1900 | .wantsCentury = false | .wantsDay = true)
        elif $letter == "Z" then spaces | until(.i >= ($s | length) or ($s[.i] | isSpace); .i += 1)
        elif $letter == "z" then zone
        else null end
      end);
  ({i: 0, year: 0, mon: 0, mday: 0, hour: 0, min: 0, sec: 0, wday: 8, yday: 367} | read($format)) |
  if . == null or (.i < ($s | length) and ($s[.i] | isSpace | not))
  then error("date \"" + $text + "\" does not match format \"" + $format + "\"") else . end |
  if .isHalf and .isPm then .hour += 12 else . end |
  if .century == null then . elif .wantsCentury then .year = .year % 100 + (.century - 19) * 100 else .year = (.century - 19) * 100 end |
  if .wantsDay and (.hasWeekday | not) then
    if (.hasMonth and .hasDay | not) and .hasYearDay then byYearDay | .hasMonth = true | .hasDay = true else . end |
    .wday = weekday else . end |
  if .wantsDay and (.hasYearDay | not) then .yday = days[.mon] + .mday - 1 else . end |
  if .week and .hasWeekday then
    . as $told | (.mday = 1 | .mon = 0 | weekday) as $first |
    if .hasYearDay then . else
      .yday = (7 - ($first - .weekFrom)) % 7 + (.week - 1) * 7 + (.wday - .weekFrom + 7) % 7 end |
    if .hasDay and .hasMonth then . else
      if .hasDay then . else .mday = 1 end | if .hasMonth then . else .mon = 0 end | byYearDay end
  else . end |
  [.year + 1900, .mon, .mday, .hour, .min, .sec, .wday, .yday] + (if .i < ($s | length) then [$s[.i:] | implode] else [] end);
`;

/** What glibc's strftime has and the library here has not: letters, widths, and flags for padding and case. */
const strftime = String.raw`
def ofLibrary($format): strftime($format);
def strftime($format):
  if type == "array" and (length < 8 or any(.[:8][]; type != "number")) then error("strftime/1 requires parsed datetime inputs") else . end |
  if ($format | type) != "string" or ($format | test("^([^%]|%[aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYz%])+$"))
  then ofLibrary($format)
  else
    (if type == "number" then gmtime else . end) as $time |
    def fill($sign; $width): until(length >= $width; $sign + .);
    ($format | [scan("%[-_0^#]*[0-9]*[EO]?[\\s\\S]|[\\s\\S]")] | map(
      if length == 1 then . else
        . as $token | capture("^%(?<flags>[-_0^#]*)(?<width>[0-9]*)(?<modifier>[EO]?)(?<letter>[\\s\\S])") as {$flags, $width, $modifier, $letter} |
        ($flags | [scan("[-_0]")] | last) as $pad | ($width | if . == "" then 0 else tonumber end) as $width |
        ($time[3] % 12 | if . == 0 then 12 else . end) as $half |
        (if $letter == "k" then $time[3] | tostring
        elif $letter == "l" then $half | tostring
        elif $letter == "P" then $time | ofLibrary("%p") | ascii_downcase
        elif $letter == "Z" then "UTC"
        elif $letter == "s" or ($letter | test("^[aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYz%]$")) then $time | ofLibrary("%" + $letter)
        else null end) |
        if . == null or ($modifier + $letter | test("^(E[aAbBdDeFgGhHIjklmMSUVwW%]|O[aAcCDFxXY%])$"))
        then $token | if $flags | contains("^") then ascii_upcase else . end
        elif $letter == "z" then .[:1] + (.[1:] | fill(if $pad == "_" then " " else "0" end; $width - 1))
        elif $letter | test("^[CdegGHIjklmMsSuUVwWyY]$") then
          ({"C": 2, "j": 3, "G": 1, "s": 1, "u": 1, "w": 1, "Y": 1}[$letter] // 2) as $digits |
          ($pad // (if $letter | test("^[ekl]$") then "_" else "0" end)) as $pad |
          sub("^[ 0]+(?=.)"; "") | fill(if $pad == "0" then "0" else " " end; if $pad == "-" then $width else [$digits, $width] | max end)
        else
          (if $flags | contains("^") then ascii_upcase
          elif $flags | contains("#") | not then .
          elif $letter | test("^[aAbBh]$") then ascii_upcase
          elif $letter | test("^[pZ]$") then ascii_downcase else . end) |
          fill(if $pad == "0" then "0" else " " end; $width)
        end
      end) | join("")) |
    if . == "" then error("strftime/1: unknown system failure") else . end
  end;
`;
