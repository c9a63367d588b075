#include "ctl.h"

int
ctl_doctor(const struct ctl_options *options, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return ctl_fail(options, CTL_ERROR, "未実装", "not built yet");
}
