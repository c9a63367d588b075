/*
 * What kenmen-read may still do once it has all that it needs: a system call
 * filter (seccomp) and Landlock. Both hold until the process ends, whatever
 * runs in it then.
 */
#ifndef CONFINE_H
#define CONFINE_H

enum confine_stage {
	/*
	 * pcscd's socket is open. Left: what is open already, memory, time,
	 * and Unix sockets, to find a pcscd again that was restarted. No file
	 * can be opened, nothing executed, no process made, looked into or
	 * signalled, no page be made executable. Whether a file is there can be
	 * seen.
	 */
	CONFINE_SEEKING,
	/* Before the first file of a card is looked into: no socket either. */
	CONFINE_READING,
};

/*
 * 0; 1: done, but by the system call filter alone, since this kernel has no
 * Landlock; or -errno: not done, and then there is nothing to be read. The
 * stages come in their order.
 */
int confine(enum confine_stage stage);

/* Its two halves, for whoever wants to see each alone. Landlock: 1 done, 0
 * this kernel has none; -errno. */
int confine_landlock(void);
int confine_calls(enum confine_stage stage);

#endif
