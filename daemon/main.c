#include "kind.h"
int
main(void)
{
	return 1;
}
