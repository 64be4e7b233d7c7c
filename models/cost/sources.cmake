# sources of models/cost, added to headroom_models
