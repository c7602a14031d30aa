# Our headers' comments as Doxygen reads them: its input filter.
#
#     before a declaration    of that one, and of those below it up to the next comment or an empty line
#     behind it               of that one too
#     the first of a file     of the file
#
# A comment before an empty line is for those who read the header. Lines of a comment that are indented stay as they are:
# drawings, and lists of arguments and errors.

# As it stands, not as one of Doxygen's commands.
function plain(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/[@#<>&%"]/, "\\\\&", text)
    return text
}

# The lines of a comment, without its marks, into comment[1..n_lines].
function gather(line) {
    n_lines = 0
    sub(/^[ \t]*\/\*+ ?/, "", line)
    while (1) {
        ended = sub(/ *\*\/[ \t]*$/, "", line)
        comment[++n_lines] = line
        if (ended || (getline line) <= 0)
            break
        sub(/^[ \t]*\*? ?/, "", line)
        if (line ~ /^\/[ \t]*$/) # the end alone
            break
    }
}

# "/** … */", beginning with `mark`.
function documented(mark,    i, text, is_verbatim, indented) {
    text = "/**" mark
    for (i = 1; i <= n_lines; i++) {
        indented = comment[i] ~ /^  / || (is_verbatim && comment[i] == "" && comment[i + 1] ~ /^  /)
        if (indented != is_verbatim)
            text = text "\n" (indented ? "@verbatim" : "@endverbatim")
        is_verbatim = indented
        text = text "\n" (indented ? comment[i] : plain(comment[i]))
    }
    return text (is_verbatim ? "\n@endverbatim" : "") " */"
}

# What follows is the rest of a declaration, or not.
function count(code) {
    gsub(/\/\*.*\*\//, "", code)
    gsub(/"[^"]*"/, "", code)
    depth += gsub(/[{(]/, "", code) - gsub(/[})]/, "", code)
    if (code ~ /^[ \t]*#/ || is_macro) {
        is_macro = code ~ /\\$/
        within = is_macro
    } else
        within = depth > 0 || code !~ /;[ \t]*$/
}

BEGIN { is_first = 1; depth = 0 }

/^\/\* clang-format o/ { next }

/^[ \t]*\/\*/ && !is_macro {
    gather($0)
    if (is_first) {
        print documented("@file")
        is_first = 0
    } else
        pending = documented("")
    next
}

/^[ \t]*$/ {
    pending = ""
    if (depth == 0)
        group = ""
    print
    next
}

# A list that declares many on what is one line to Doxygen.
/^LKS_[A-Z_]+_LIST\(/ && pending != "" {
    print "/**@{*/\n" pending "\n" $0 "\n/**@}*/"
    pending = ""
    next
}

{
    if (pending != "") {
        print pending
        if (depth == 0)
            group = pending
    } else if (!within && group != "" && $0 !~ /^(#|})/)
        print group
    pending = ""
    line = $0
    count(line)
    if (line ~ /^typedef struct [a-z_0-9]+ [a-z_0-9]+;$/) # opaque
        print "/** What it is stands at the head of its header. */"
    if (line ~ /\{ *\/\*.*\*\/$/ && !is_macro) { # of the struct or enum that begins here
        at = index(line, "/*")
        gather(substr(line, at))
        print documented("") "\n" substr(line, 1, at - 1)
    } else if (line ~ /[;,{})] *\/\*/ && !is_macro) {
        at = index(line, "/*")
        print substr(line, 1, at - 1)
        gather(substr(line, at))
        print documented("<")
    } else
        print line
}
