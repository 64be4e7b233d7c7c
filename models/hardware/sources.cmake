# sources of models/hardware, added to headroom_models
