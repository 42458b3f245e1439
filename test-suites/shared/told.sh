# A line of TAP for each check of a script: told STATUS NAME WHY-NOT. `count` is how many there were.
count=0
told() {
    count=$((count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        printf "  ---\n  message: '%s'\n  ...\n" "$(printf %s "$3" | tr "'\n" '  ')"
    fi
}
