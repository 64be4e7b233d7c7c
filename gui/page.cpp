#include "gui/page.h"
