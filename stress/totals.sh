# For stress/short and stress/long: adds up what passed and failed. Sourced, not run.

passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Adds the totals that a command prints last, or 1 failed when it prints none.
totals_of() {
  "$@" 2>&1 | tee "$log"
  local line
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
  if [[ "$line" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  else
    failed=$((failed + 1))
  fi
}

# Runs tests of this module by Maven, and adds those that its reports count; adds 1 failed when there are none.
tests() {
  rm -rf stress/target/surefire-reports
  ./mvnw -B -ntp -pl stress -am test -Dsurefire.failIfNoSpecifiedTests=false "$@" </dev/null
  local status=$? report head ran=0 bad=0 tests errors failures skipped
  for report in stress/target/surefire-reports/TEST-*.xml; do
    [[ -f "$report" ]] || continue
    head=$(tr '\n' ' ' <"$report" | sed 's/.*<testsuite \([^>]*\)>.*/\1/;s/<testcase.*//')
    count() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<" $head"; }
    tests=$(count tests) errors=$(count errors) failures=$(count failures) skipped=$(count skipped)
    ran=$((ran + tests))
    bad=$((bad + errors + failures + skipped))
  done
  if ((bad == 0 && (status != 0 || ran == 0))); then
    bad=1 ran=$((ran + 1))
  fi
  passed=$((passed + ran - bad)) failed=$((failed + bad))
}

# Prints the last line, and ends accordingly.
sum_up() {
  echo "$passed passed, $failed failed"
  ((failed == 0 && passed > 0))
}
