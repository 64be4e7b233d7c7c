# sources of models/llm, added to headroom_models
