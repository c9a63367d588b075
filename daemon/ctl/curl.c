/*
 * kenmenctl curl-example: the API in lines that can be typed, or run as they
 * are: kenmenctl curl-example | sh
 */
#include <stdio.h>

#include "ctl.h"

static const char lines[] =
    "T=$(curl -s --cacert \"$CA\" --json '{\"takeover\":true}' "
    "$K/v1/sessions |\n"
    "    sed -n 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/p')\n"
    "k() { curl -s --cacert \"$CA\" -H \"Authorization: Bearer $T\" \"$@\"; "
    "echo; }\n"
    "k $K/v1/readers\n"
    "I=$(k --json '{\"kinds\":[\"attributes\"]}' $K/v1/reads |\n"
    "    sed -n 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/p')\n"
    "N=1\n"
    "while [ -n \"$I\" ]; do\n"
    "    R=$(k \"$K/v1/reads/$I?wait=30&after=$N\")\n"
    "    printf '%s\\n' \"$R\"\n"
    "    case $R in\n"
    "    *'\"state\":\"done\"'* | *'\"state\":\"failed\"'* | "
    "*'\"state\":\"cancelled\"'*) break ;;\n"
    "    *'\"seq\":'*) N=$(printf %s \"$R\" | "
    "sed 's/.*\"seq\":\\([0-9]*\\).*/\\1/') ;;\n"
    "    *) break ;;\n"
    "    esac\n"
    "done\n"
    "k -X DELETE $K/v1/reads/$I\n"
    "k -X DELETE $K/v1/session\n";

/* As one word of the shell's. */
static void
print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	putchar('\'');
}

int
ctl_curl_example(const struct ctl_options *options, int argc, char **argv)
{
	bool ja = options->lang == LANG_JA;

	(void)argv;
	if (argc)
		return ctl_fail(options, CTL_USAGE,
		    "curl-exampleに引数はありません。",
		    "curl-example takes no argument");
	printf(ja ? "# kenmen.confに [local-tools] allow = yes が必要です。"
		    "curlは7.82以降。\n"
		  : "# kenmen.conf must say: [local-tools] allow = yes. curl "
		    "7.82 or newer.\n");
	fputs("CA=", stdout);
	print_quoted(options->state_dir);
	printf("/ca.pem\nK=https://127.0.0.1:%ld\n"
	       "curl -s --cacert \"$CA\" $K/v1/health; echo\n",
	    options->port);
	fputs(lines, stdout);
	return CTL_OK;
}
