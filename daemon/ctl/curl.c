/*
 * kenmenctl curl-example: the API in lines that can be typed.
 */
#include <stdio.h>

#include "ctl.h"

int
ctl_curl_example(const struct ctl_options *options, int argc, char **argv)
{
	(void)argv;
	if (argc)
		return ctl_fail(options, CTL_USAGE,
		    "curl-exampleに引数はありません。",
		    "curl-example takes no argument.");
	printf("# kenmen.conf: [local-tools] allow = yes\n"
	       "CA=%s/ca.pem\n"
	       "K=https://127.0.0.1:%u\n"
	       "curl -s --cacert $CA $K/v1/health; echo\n"
	       "T=$(curl -s --cacert $CA --json '{}' $K/v1/sessions |\n"
	       "    sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n"
	       "k() { curl -s --cacert $CA -H \"Authorization: Bearer $T\" "
	       "\"$@\"; echo; }\n"
	       "I=$(k --json '{\"kinds\":[\"attributes\"]}' $K/v1/reads |\n"
	       "    sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/')\n"
	       "N=1\n"
	       "while :; do\n"
	       "    R=$(k \"$K/v1/reads/$I?wait=30&after=$N\"); echo \"$R\"\n"
	       "    case $R in *'\"state\":\"done\"'*|"
	       "*'\"state\":\"failed\"'*|"
	       "*'\"state\":\"cancelled\"'*) break;; esac\n"
	       "    N=$(echo \"$R\" | "
	       "sed 's/.*\"seq\":\\([0-9]*\\).*/\\1/')\n"
	       "done\n"
	       "k -X DELETE $K/v1/reads/$I\n"
	       "k -X DELETE $K/v1/session\n",
	    options->state_dir, options->port);
	return CTL_OK;
}
