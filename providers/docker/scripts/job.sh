#!/bin/sh
# Runs the command of a job at the minutes of its schedule, one run at a time; job.conf beside this file has both.
#   job.sh        waits for the times of the schedule
#   job.sh now    one run at once; its exit code is that of the command
# A run that is due while another one runs is left out. The number of failed runs and the time of the last success
# outlive the container in the volume of metrics; before the first success it is the time of the first start.
set -eu
. "${0%/*}/job.conf"
metrics="$job_folder/$job_name.prom" lock="$job_folder/.$job_name.lock"
child='' expired=''

value_of() {
    sed -n "s/^$1{.*} //p" "$metrics"
}

# writes the number of failed runs and the time of the last success
record() {
    {
        echo '# TYPE job_failed_runs_total counter'
        printf 'job_failed_runs_total{scheduled_job="%s"} %s\n' "$job_name" "$1"
        echo '# TYPE job_last_success_timestamp_seconds gauge'
        printf 'job_last_success_timestamp_seconds{scheduled_job="%s"} %s\n' "$job_name" "$2"
    } > "$job_folder/.$job_name.part"
    mv "$job_folder/.$job_name.part" "$metrics"
}

# ends the command, after 30 seconds by force
end_command() {
    kill -TERM "$child" 2> /dev/null || :
    seconds=0
    while kill -0 "$child" 2> /dev/null && [ "$seconds" -lt 30 ]; do
        sleep 1
        seconds=$((seconds + 1))
    done
    kill -KILL "$child" 2> /dev/null || :
}

interrupted() {
    if [ -n "$child" ]; then
        end_command
        rmdir "$lock" || :
    fi
    exit 143
}

attempt() {
    (job_command) &
    child=$!
    end=$(($(date +%s) + job_timeout_seconds))
    timed_out=''
    while kill -0 "$child" 2> /dev/null; do
        if [ "$(date +%s)" -ge "$end" ]; then
            echo "$job_name: stopped after $job_timeout_seconds seconds" >&2
            timed_out=yes expired=yes
            end_command
        fi
        sleep 1
    done
    code=0
    wait "$child" || code=$?
    child=''
    [ -z "$timed_out" ] || code=124
    return "$code"
}

run() {
    if ! mkdir "$lock" 2> /dev/null; then
        echo "$job_name: a run is in progress" >&2
        return 75
    fi
    number=1
    while :; do
        result=0
        attempt || result=$?
        if [ "$result" -eq 0 ] || [ "$number" -ge "$job_attempts" ]; then
            break
        fi
        echo "$job_name: attempt $number of $job_attempts failed with exit code $result" >&2
        number=$((number + 1))
    done
    failed="$(value_of job_failed_runs_total)" success="$(value_of job_last_success_timestamp_seconds)"
    if [ "$result" -eq 0 ]; then
        record "$failed" "$(date +%s)"
    else
        echo "$job_name: failed with exit code $result" >&2
        record "$((failed + 1))" "$success"
    fi
    rm -rf "$job_scratch"/* "$job_scratch"/.[!.]* || :
    rmdir "$lock"
    return "$result"
}

in_set() {
    [ "$2" = '*' ] && return 0
    case " $2 " in *" $1 "*) return 0 ;; esac
    return 1
}

day_matches() {
    if [ "$job_days" != '*' ] && [ "$job_weekdays" != '*' ]; then
        in_set "$1" "$job_days" || in_set "$2" "$job_weekdays"
    else
        in_set "$1" "$job_days" && in_set "$2" "$job_weekdays"
    fi
}

# minute, hour, day, month and weekday of now
is_due() {
    in_set "${1#0}" "$job_minutes" && in_set "${2#0}" "$job_hours" && in_set "${4#0}" "$job_months" &&
        day_matches "${3#0}" "$5"
}

trap interrupted INT TERM
[ -e "$metrics" ] || record 0 "$(date +%s)"
if [ "${1:-}" = now ]; then
    run
    exit
fi

# the processes of an earlier start have ended with it
rmdir "$lock" 2> /dev/null || :
last=''
while :; do
    second="$(date +%S)"
    sleep "$((60 - ${second#0}))" &
    wait "$!"
    # five words
    set -- $(TZ="$job_zone" date '+%M %H %d %m %w')
    # a clock that is set back shows an hour twice; jobs at certain hours run in it once
    stamp="$(TZ="$job_zone" date +%Y%m%d%H%M)"
    if is_due "$@" && { [ "$job_hours" = '*' ] || [ "$stamp" != "$last" ]; }; then
        last="$stamp"
        echo "$job_name: started"
        if run; then
            echo "$job_name: succeeded"
        fi
        # what the command has left behind ends with the container, which Docker starts again
        [ -z "$expired" ] || exit 1
    fi
done
