# The tables of proto/README.md, which are the job schema's (tests/proto/test_job_reference.c), as lists of mdoc(7) in
# place of the lines of a page that say which:
#
#     awk -f tables.awk proto/README.md lockstep-job.5.in
#
#     .\" TABLE key          each key: its value, what stands for it where it is left out, what it means
#     .\" TABLE format       each format: its files
#     .\" TABLE layer        each layer: its options; so transform, init, loss, optimizer and schedule

# Text of a cell: words in back quotes are bold, nothing is taken for one of roff's requests.
function roff(text) {
    gsub(/\\/, "\\e", text)
    gsub(/…/, "...", text)
    gsub(/≥/, "\\(>=", text)
    gsub(/≤/, "\\(<=", text)
    while (match(text, /`[^`]*`/))
        text = substr(text, 1, RSTART - 1) "\\fB" substr(text, RSTART + 1, RLENGTH - 2) "\\fP" substr(text, RSTART + RLENGTH)
    sub(/^[.']/, "\\\\\\&&", text)
    return text
}

function bare(cell) {
    gsub(/`/, "", cell)
    return cell
}

function key_item(cells) {
    return ".It Ic " bare(cells[2]) "\n" roff(cells[5]) "\n.br\n" roff(cells[3]) \
        (cells[4] == "an error" ? ", required" : cells[4] != "" ? "; else " roff(cells[4]) : "")
}

function type_item(cells,    options, n, i, key, text) {
    text = ".It Ic " bare(cells[2])
    n = split(cells[3], options, /; /)
    if (n > 0)
        text = text "\n.Bl -tag -width Ds -compact"
    for (i = 1; i <= n; i++) {
        key = options[i]
        sub(/ .*/, "", key)
        sub(/^[^ ]* /, "", options[i])
        text = text "\n.It Cm " bare(key) "\n" roff(options[i])
    }
    return text (n > 0 ? "\n.El" : "")
}

# ---- the README ----

FNR == NR && /^<!-- made by lks_job_reference/ { is_reference = 1 }
FNR == NR && /^<!-- end -->/ { is_reference = 0 }
FNR == NR {
    if (!is_reference || !/^\|/ || /^\| ---/) {
        if (!/^\| ---/)
            table = ""
        next
    }
    n_cells = split($0, cells, / *\| */)
    if (table == "")
        table = cells[2] # the heading
    else
        items[table] = items[table] "\n" (table == "key" ? key_item(cells) \
            : table == "format" ? ".It Ic " bare(cells[2]) "\n" roff(cells[3]) : type_item(cells))
    next
}

# ---- the page ----

/^\.\\" TABLE / {
    if (!($3 in items)) {
        print FILENAME ": there is no table of " $3 > "/dev/stderr"
        exit 1
    }
    print ".Bl -tag -width Ds" items[$3] "\n.El"
    next
}
{ print }
