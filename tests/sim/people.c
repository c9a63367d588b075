#include "kenmen.h"
