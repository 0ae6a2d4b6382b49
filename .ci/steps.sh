# What .ci/run and .ci/full share: a temporary folder that is removed at the end, a copy of the tree, fresh
# environments, and steps with a headline and their seconds. Sourced by both with $checkout set.

# shellcheck shell=bash disable=SC2154 # both callers set checkout
work=$(mktemp -d "${TMPDIR:-/tmp}/fastnn-ci.XXXXXX")
current="preparation"
trap 'rm -rf "$work"' EXIT
trap '((BASH_SUBSHELL)) || echo "FAILED: $current" >&2' ERR
trap 'exit 130' INT TERM
mkdir "$work/elsewhere"

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off PIP_NO_INPUT=1 PYTHONUNBUFFERED=1
unset PYTHONPATH PYTHONHOME FASTNN_BACKEND FASTNN_CPU_LEVEL FASTNN_NUM_THREADS FASTNN_SANITIZE FASTNN_TESTS_WITHOUT_C CC CFLAGS

step() { # $1: the headline; the rest: what to run. It runs in a subshell: no step changes another's folder.
    local began=$SECONDS
    current=$1
    printf '\n=== %s\n' "$1"
    shift
    ("$@")
    printf -- '--- %s: %s s\n' "$current" "$((SECONDS - began))"
}

copy_of_the_tree() { # tracked and new files, nothing that git ignores; outside git, everything
    mkdir "$work/source"
    if git -C "$checkout" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git -C "$checkout" ls-files -z --cached --others --exclude-standard |
            tar -C "$checkout" --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -xf - -C "$work/source"
    else
        cp -a "$checkout/." "$work/source"
    fi
}

fresh_environment() { # $1: its name; `python` and `fastnn` are its own from here on
    "${PYTHON:-python3}" -m venv "$work/venv-$1"
    export VIRTUAL_ENV="$work/venv-$1" PATH="$work/venv-$1/bin:$PATH"
    hash -r
}

without_aslr() { # TSan refuses some kernels' address layouts; setarch, where allowed, gives it an old one
    if setarch "$(uname -m)" -R true 2>/dev/null; then setarch "$(uname -m)" -R "$@"; else "$@"; fi
}
