#include "doctor.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The order of the report: what comes later needs what comes before. */
static void (*const all[])(struct doctor *doctor) = {
	check_pcscd,
	check_readers,
	check_driver,
	check_modules,
	check_holder,
	check_card,
	check_certificates,
	check_configuration,
	check_prompt,
	check_trust,
	check_daemon_and_port,
	check_agents,
	check_browsers,
};

int
ctl_doctor(const struct ctl_options *options, int argc, char **argv)
{
	struct doctor doctor = { .options = options };
	int r;

	(void)argv;
	if (argc)
		return ctl_fail(options, CTL_USAGE,
		    "doctorに引数はありません。", "doctor takes no argument");
	exam_run(options->now, &doctor.exam);
	machine_look(&doctor.machine);
	for (size_t i = 0; i < N_OF(all); i++)
		all[i](&doctor);
	config_free(&doctor.config);
	r = doctor_report(&doctor);
	if (r == CTL_OK && doctor_worst(&doctor) == STATUS_FAIL)
		r = CTL_SICK;
	return r;
}
