{{ stage_files('survey_responses') }}
